"""The report: results become annotations, a job summary, outputs, files, and a picture in the terminal."""

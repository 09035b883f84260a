"""The project's own files: settings, profile, manifest, and lines."""

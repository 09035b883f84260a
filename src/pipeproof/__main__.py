"""`python -m pipeproof`: the command line."""

import sys

from pipeproof.cli import main

if __name__ == "__main__":
    sys.exit(main())

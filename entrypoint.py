"""The image's entrypoint: with arguments the command line, without any the action, its inputs in the environment."""

import os
import sys

from pipeproof import cli
from pipeproof.main import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(cli.main(arguments) if arguments else main(os.environ))

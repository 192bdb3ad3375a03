"""``python -m instructgen`` is the command line."""

from instructgen.cli import main

raise SystemExit(main())

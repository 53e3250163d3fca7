"""`python -m ioc_removal`: the command."""

from sys import exit as leave

from .cli import main

leave(main())

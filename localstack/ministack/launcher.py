"""Starts MiniStack as the demo and the tests need it."""

from ministack.app import main

if __name__ == "__main__":
    main()

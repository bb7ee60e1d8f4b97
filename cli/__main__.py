"""`python -m cli` is `interlock`."""

from cli.main import main

if __name__ == "__main__":
    main()

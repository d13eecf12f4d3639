"""`python -m noyau`, the same as the console script."""
from noyau.cli import main

if __name__ == "__main__":
    main()

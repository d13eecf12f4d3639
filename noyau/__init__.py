"""The command `noyau`: starts and talks to every program of the switch."""

"""Single questions, a program each: what a host command, a drain, an overload costs."""

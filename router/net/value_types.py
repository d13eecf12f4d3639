"""Types of the values in a configuration, each with what is said of it when it is wrong."""

from typing import Annotated

from msgspec import Meta

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9-]{0,31}$", description='a name of a-z, 0-9 and "-", at most 32 long'
    ),
]
DialectName = Annotated[str, Meta(description='the name of a dialect, such as "iso87-ascii"')]
FramingText = Annotated[str, Meta(description='a framing, such as "binary-2" or "ascii-4"')]
KeyUnderLmk = Annotated[str, Meta(description="a key's cryptogram under the LMK: U and 32 digits")]
Kcv = Annotated[
    str,
    Meta(
        pattern=r"^([0-9A-F]{6}|[0-9A-F]{16})$",
        description="6 or 16 hexadecimal digits in capitals, in quotes",
    ),
]
InstitutionId = Annotated[
    str, Meta(pattern=r"^[0-9]{1,11}$", description="1 to 11 digits, in quotes")
]
Topic = Annotated[
    str,
    Meta(
        pattern=r"^[^/+#\x00]+(/[^/+#\x00]+)*$",
        max_length=128,
        description='topic levels without "+" and "#", such as "noyau"',
    ),
]
HostName = Annotated[str, Meta(min_length=1, description='a host, such as "127.0.0.1"')]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Age = Annotated[float, Meta(ge=1, le=15_000_000)]  # less than half a year: DE 7 has none
Limit = Annotated[int, Meta(ge=1, le=1_000_000)]
Rate = Annotated[float, Meta(gt=0, le=1_000_000)]  # in a second

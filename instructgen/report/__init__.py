"""What a finished run says about its data."""

from instructgen.report.groups import Group, groups

__all__ = ["Group", "groups"]

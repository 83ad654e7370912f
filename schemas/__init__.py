"""The words every room speaks: frozen pydantic models. This package imports nothing of ours."""

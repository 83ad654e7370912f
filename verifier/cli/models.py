"""`verifier models`: fetch the OCR weights once, check them, work offline ever after."""

from __future__ import annotations

import typer
from rich.console import Console

from verifier.ocr import models as weights
from verifier.settings import load_settings

models = typer.Typer(help="OCR weights.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(models, name="models")


@models.command("fetch")
def fetch() -> None:
    """Download the weights (about 27 MB), check their SHA-256, write the model folders. Does nothing when they are there."""
    settings = load_settings()
    console = Console(stderr=True, highlight=False)
    weights.fetch(
        settings.models_dir, progress=lambda step: console.print(f"{weights.DEFAULT_NAME}: {step}", markup=False)
    )


@models.command("check")
def check() -> None:
    """Say whether the weights are complete and undamaged."""
    settings = load_settings()
    weights.check(settings.models_dir)
    Console(highlight=False).print(f"{weights.DEFAULT_NAME}: ok ({settings.models_dir})", markup=False)

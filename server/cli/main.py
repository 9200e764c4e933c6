"""`matinee`: upload, look, remove, and the verbs that set an appliance up."""

from __future__ import annotations

from typing import Any

import click
import httpx

from server.cli.appliance import first_run, migrate, owner_token
from server.cli.enroll import dismiss, enroll
from server.cli.scrub import scrub
from server.cli.status import status
from server.cli.task import task
from server.cli.tls import tls
from server.cli.upload import upload
from server.cli.video import video
from server.cli.worker import worker
from server.errors import MatineeError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Errors(click.Group):
    """Tells errors in one sentence; exit code 1 for what went wrong, 2 for how it was asked (click's own)."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb. Raises ClickException for what Matinee, the network or a file has to say."""
        try:
            return super().invoke(ctx)
        except MatineeError as error:
            raise click.ClickException(error.message) from error
        except httpx.HTTPError as error:
            raise click.ClickException(
                f"Matinee does not answer ({error}). Is it running? `make run` starts it."
            ) from error
        except OSError as error:
            if error.filename is None:  # not about a file: click itself knows a closed pipe
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error


@click.group(cls=_Errors, context_settings=CONTEXT)
def matinee() -> None:
    """A private video service in a box."""


for command in (upload, video, task, worker, status, scrub, migrate, first_run, owner_token, tls):
    matinee.add_command(command)
for command in (enroll, dismiss):
    worker.add_command(command)

"""`llmctl images list|lock|mirror|push`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json

images = typer.Typer(help="Pin container images by digest, and copy them.", no_args_is_help=True)

Images = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="REF", help="Only this image, such as ghcr.io/org/name:1.0; may be given again."),
]


@images.command("list")
def list_(ctx: typer.Context, json: Json = False) -> None:
    """List the images in the lock file, and those that engines run and nobody has locked."""
    from llmctl.cli.views.images import list_view
    from llmctl.serving.images.lock_file import read_lock_file

    app: Application = ctx.obj
    app.console.show(list_view(read_lock_file(app.images_lock()), app.engine_images()), json=json)


@images.command("lock")
def lock(ctx: typer.Context, image: Images = None, json: Json = False) -> None:
    """Ask each image's registry for its digest, and write it into stacks/images.lock.yaml."""
    from llmctl.cli.views.images import lock_view

    app: Application = ctx.obj
    resolutions = app.lock_images(image or [])
    app.console.show(lock_view(resolutions), json=json)
    if any(each.problem for each in resolutions):
        raise typer.Exit(1)


@images.command("mirror")
def mirror(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="REPOSITORY", help="HOST or HOST/PATH to copy below.")],
    image: Images = None,
    platform: Annotated[
        str | None, typer.Option("--platform", help="Only this platform's manifest, such as linux/amd64.")
    ] = None,
    json: Json = False,
) -> None:
    """Copy the locked images to a registry of your own, with the same digests. Running it again goes on."""
    from llmctl.cli.views.images import mirror_view
    from llmctl.serving.images.lock_file import read_lock_file
    from llmctl.serving.images.mirror_plan import plan_mirror

    app: Application = ctx.obj
    plan = plan_mirror(read_lock_file(app.images_lock()), to, only=image or (), platform=platform)
    mirrored = app.mirror_images(plan)
    app.console.show(mirror_view(plan, mirrored), json=json)
    if plan.open or any(each.problem for each in mirrored):
        raise typer.Exit(1)


@images.command("push")
def push(
    ctx: typer.Context,
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="A tar in the OCI image layout.")],
    to: Annotated[str, typer.Argument(metavar="REPOSITORY:TAG", help="Where in a registry of your own.")],
    json: Json = False,
) -> None:
    """Bring an image from an archive into a registry, with the digest that it has. Running it again goes on."""
    from llmctl.cli.views.images import push_view

    app: Application = ctx.obj
    app.console.show(push_view(app.push_image(archive, to)), json=json)

"""The profiles that settings and measurements make."""

from ..config.schema import ModelSettings, Settings
from .measured import Known, Measured
from .profile import Key, Profile

CONTEXT, SLOTS = 8192, 4
"""What counts where neither the user nor a measurement says."""


def profiles(settings: Settings, measured: Measured) -> tuple[Profile, ...]:
    """Return the models that can be asked, in the order of the user's file; what the user wrote beats a measurement."""
    return tuple(
        made(name, model, measured.of(model.url, model.model))
        for name, model in settings.model.items()
        if model.url and model.model
    )


def made(name: str, model: ModelSettings, known: Known) -> Profile:
    """Return one profile."""
    return Profile(
        name=name,
        url=(model.url or "").rstrip("/"),
        model=model.model or "",
        transport=model.transport,
        api=model.api,
        key=key_of(model),
        strong=model.strong,
        rank=model.rank,
        context=model.context or known.context or CONTEXT,
        slots=model.slots or known.slots or SLOTS,
        samples=model.samples,
        rung=known.rung,
        speed=known.speed,
        price_in=model.price_in,
        price_out=model.price_out,
    )


def key_of(model: ModelSettings) -> Key:
    """Return where the key of *model* comes from."""
    if model.key_env:
        return Key(kind="environment", name=model.key_env)
    if model.key_command:
        import shlex

        return Key(kind="command", name=shlex.join(model.key_command))
    return Key(kind="keyring", name=model.keyring) if model.keyring else Key(kind="none")

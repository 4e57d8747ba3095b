"""What every value of the model shares."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from graphmem.model.time import as_utc


class Value(BaseModel):
    """A frozen value: compared by content, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


UtcTime = Annotated[AwareDatetime, AfterValidator(as_utc)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]

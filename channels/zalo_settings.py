"""What an Official Account of Zalo is configured with."""

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    oauth_url: HttpUrl = HttpUrl("https://oauth.zaloapp.com")
    business_url: HttpUrl = HttpUrl("https://business.openapi.zalo.me")
    openapi_url: HttpUrl = HttpUrl("https://openapi.zalo.me")
    app_id: str
    oa_id: str
    app_secret: SecretStr
    oa_secret: SecretStr
    """The Official Account's secret key shown beside the webhook address; signs the webhook."""
    redirect_uri: Annotated[str | None, Field(pattern=r"^https?://\S+$")] = None
    """The callback address that the app's console holds; consent leads there."""
    pkce: bool = True
    """Whether the consent is tied to us by a code challenge."""
    code_verifier: Annotated[SecretStr | None, Field(min_length=43, max_length=128)] = None
    """The verifier whose challenge the app's console holds; without it each consent makes its own."""
    templates: dict[str, str] = {}
    """Our name of a template → Zalo's id of it."""
    appsecret_proof: bool = True
    mode: Literal["normal", "development"] = "normal"
    """`development` reaches administrators of the app only, and costs nothing."""
    hash_phone: bool = False
    """Whether Zalo is given a hash of the telephone number instead of the number."""
    staff_by_phone: bool = False
    """Whether officers without a linked account are written to by phone number."""
    staff_consultation: Literal["off", "free", "paid"] = "off"
    """Whether linked officers get consultation messages: never, while they are free, or while they can be sent."""
    consultation_free_hours: Annotated[float, Field(gt=0)] = 48.0
    """How long after an interaction a consultation message costs nothing."""
    consultation_days: Annotated[float, Field(gt=0)] = 7.0
    """How long after an interaction Zalo takes a consultation message at all."""
    submitted_phone: Literal["ignore", "link"] = "ignore"
    """Whether the number that somebody writes into Zalo's form links them: nothing proves that it is theirs."""
    refusal_days: Annotated[float, Field(gt=0)] = 90.0
    """For how long it counts that a person wants no such messages: Zalo does not tell when they change their mind."""
    opens_at: time = time(6, 5)
    closes_at: time = time(21, 55)
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0

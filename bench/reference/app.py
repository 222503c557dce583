import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as OrmSession

from bench.reference.models import Base, Delivery, Event, Session, engine
from bench.reference.settings import SMS_PATH, WEBHOOK_SECRET, ZALO_APP_ID, ZALO_OA_SECRET
from bench.reference.tasks import deliver


@asynccontextmanager
async def tables(_: FastAPI) -> AsyncIterator[None]:
    Base.metadata.create_all(engine)
    yield


app = FastAPI(lifespan=tables)
_key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))


class CloudEvent(BaseModel):
    id: str
    source: str
    type: str
    data: dict[str, Any]


def database() -> Any:
    with Session() as session:
        yield session


async def raw_body(request: Request) -> bytes:
    return await request.body()


Database = Annotated[OrmSession, Depends(database)]
Body = Annotated[bytes, Depends(raw_body)]


@app.get("/readyz")
def ready() -> PlainTextResponse:
    return PlainTextResponse("OK")


@app.post("/v1/events", status_code=202)
def take_event(
    body: Body,
    session: Database,
    webhook_id: Annotated[str, Header()],
    webhook_timestamp: Annotated[str, Header()],
    webhook_signature: Annotated[str, Header()],
) -> JSONResponse:
    signed = f"{webhook_id}.{webhook_timestamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(_key, signed, "sha256")).decode()
    if not hmac.compare_digest(wanted, webhook_signature):
        raise HTTPException(401)
    event = CloudEvent.model_validate_json(body)
    dossier = event.data["HoSo"]
    stored = session.execute(
        insert(Event)
        .values(source=event.source, external_id=event.id, type=event.type, document=event.model_dump())
        .on_conflict_do_nothing()
        .returning(Event.id)
    ).scalar_one_or_none()
    if stored is None:
        return JSONResponse({"id": event.id, "repeated": True}, 202)
    addresses = {
        "portal": dossier["DinhDanhCHS"][0]["SoDinhDanh"],
        "zalo": dossier["ZaloUserId"] or dossier["SoDienThoai"],
        "sms": dossier["SoDienThoai"],
        "email": dossier["Email"],
    }
    deliveries = [Delivery(event_id=stored, channel=name, recipient=to) for name, to in addresses.items()]
    session.add_all(deliveries)
    session.commit()
    for delivery in deliveries:
        deliver.delay(str(delivery.id))
    return JSONResponse({"id": event.id}, 202)


@app.get("/v1/receipts/sms/{path}")
def take_sms_receipt(path: str, RequestId: str, SendSuccess: str, session: Database) -> PlainTextResponse:  # noqa: N803
    if not hmac.compare_digest(path, SMS_PATH):
        raise HTTPException(401)
    status = "delivered" if SendSuccess == "1" else "failed"
    session.execute(update(Delivery).where(Delivery.id == RequestId).values(status=status, delivered_at=func.now()))
    session.commit()
    return PlainTextResponse("OK")


@app.post("/v1/receipts/zalo")
def take_zalo_receipt(body: Body, session: Database, x_zevent_signature: Annotated[str, Header()]) -> PlainTextResponse:
    event = ZaloEvent.model_validate_json(body)
    mac = hashlib.sha256(ZALO_APP_ID.encode() + body + event.timestamp.encode() + ZALO_OA_SECRET.encode()).hexdigest()
    if not hmac.compare_digest(x_zevent_signature, f"mac={mac}"):
        raise HTTPException(401)
    found = session.execute(
        update(Delivery)
        .where(Delivery.channel == "zalo", Delivery.reference == event.message["msg_id"])
        .values(status="delivered", delivered_at=func.now())
        .returning(Delivery.id)
    ).scalar_one_or_none()
    session.commit()
    if found is None:
        raise HTTPException(404)  # before our own answer was stored: they will say it again
    return PlainTextResponse("OK")


class ZaloEvent(BaseModel):
    timestamp: str
    message: dict[str, Any]

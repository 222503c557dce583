import smtplib
from email.message import EmailMessage
from typing import Any

import requests
from celery import Celery
from sqlalchemy import case, func, update
from sqlalchemy.dialects.postgresql import insert

from bench.reference import templates
from bench.reference.models import Delivery, Event, InboxMessage, Session
from bench.reference.settings import BROKER_URL, PROVIDERS_URL, PUBLIC_URL, SMS_PATH, SMTP_PORT

celery = Celery("reference", broker=BROKER_URL)
celery.conf.update(
    task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=4, broker_connection_retry_on_startup=True
)
http = requests.Session()
_smtp: smtplib.SMTP | None = None


@celery.task(
    autoretry_for=(requests.RequestException, smtplib.SMTPException, OSError),
    retry_backoff=True,
    retry_jitter=True,
    max_retries=8,
)
def deliver(delivery_id: str) -> None:
    with Session() as session:
        delivery = session.get_one(Delivery, delivery_id)
        if delivery.sent_at is not None:
            return
        event = session.get_one(Event, delivery.event_id)
        session.commit()  # no transaction is open while a provider is called
        reference = SENDERS[delivery.channel](delivery, event.document)
        session.execute(
            update(Delivery)
            .where(Delivery.id == delivery.id)
            .values(
                status=case((Delivery.status == "delivered", "delivered"), else_="sent"),  # a receipt may be quicker
                reference=reference,
                attempts=Delivery.attempts + 1,
                sent_at=func.now(),
            )
        )
        session.commit()


def _mail(delivery: Delivery, document: dict[str, Any]) -> str:
    message = EmailMessage()
    message["From"] = "Hành chính công tỉnh Mẫu <thongbao@example.gov.vn>"
    message["To"] = delivery.recipient
    message["Subject"] = templates.subject(document)
    message["Message-ID"] = f"<{delivery.id.hex}@example.gov.vn>"
    message.set_content(templates.text(document))
    message.add_alternative(templates.html(document), subtype="html")
    _connection().send_message(message)
    return str(message["Message-ID"])


def _connection() -> smtplib.SMTP:
    """One kept open over tasks, made anew when it is gone."""
    global _smtp  # noqa: PLW0603
    try:
        if _smtp is not None and _smtp.noop()[0] == 250:
            return _smtp
    except smtplib.SMTPException:
        pass
    _smtp = smtplib.SMTP("127.0.0.1", SMTP_PORT, timeout=10)
    return _smtp


def _sms(delivery: Delivery, document: dict[str, Any]) -> str:
    fields = {
        "ApiKey": "reference",
        "SecretKey": "reference",
        "Phone": delivery.recipient,
        "Content": templates.sms(document),
        "Brandname": "TINHMAU",
        "SmsType": "2",
        "IsUnicode": "0",
        "RequestId": str(delivery.id),
        "CallbackUrl": f"{PUBLIC_URL}/v1/receipts/sms/{SMS_PATH}",
    }
    url = f"{PROVIDERS_URL}/esms/MainService.svc/json/SendMultipleMessage_V4_post_json/"
    reply = http.post(url, json=fields, timeout=10)
    reply.raise_for_status()
    return str(reply.json()["SMSID"])


def _zalo(delivery: Delivery, document: dict[str, Any]) -> str:
    facts = templates.facts(document)
    template: dict[str, Any] = {
        "template_id": "410002",
        "template_data": {"ma_ho_so": facts["code"], "ten": facts["name"], "han": facts["until"]},
    }
    if document["data"]["HoSo"]["ZaloUserId"]:
        path, to = "/zalo/openapi/v3.0/oa/message/template", {"user_id": delivery.recipient}
    else:
        phone = delivery.recipient.removeprefix("+")
        path, to = "/zalo/business/message/template", {"phone": phone, "tracking_id": delivery.id.hex}
    reply = http.post(PROVIDERS_URL + path, json=to | template, headers={"access_token": "reference"}, timeout=10)
    reply.raise_for_status()
    data = reply.json()["data"]
    return str(data.get("msg_id") or data["message_id"])


def _portal(delivery: Delivery, document: dict[str, Any]) -> str:
    with Session() as session:
        session.execute(
            insert(InboxMessage)
            .values(
                delivery_id=delivery.id,
                owner=delivery.recipient,
                title=templates.subject(document),
                body=templates.text(document),
            )
            .on_conflict_do_nothing()
        )
        session.commit()
    return str(delivery.id)


SENDERS = {"email": _mail, "sms": _sms, "zalo": _zalo, "portal": _portal}

from typing import Any

from jinja2 import Environment

_environment = Environment(autoescape=True)
_SUBJECT = _environment.from_string("Hồ sơ {{ code }}: yêu cầu bổ sung")
_TEXT = _environment.from_string(
    "Kính gửi {{ name }},\n\n{{ unit }} đề nghị bổ sung hồ sơ {{ code }} ({{ procedure }}):\n"
    "{% for paper in papers %}- {{ paper }}\n{% endfor %}\n{{ asked }}\nHạn bổ sung: {{ until }}.\n"
)
_HTML = _environment.from_string(
    "<html><body><h1>Yêu cầu bổ sung hồ sơ {{ code }}</h1><p>Kính gửi {{ name }},</p><p>{{ unit }} đề nghị bổ sung hồ sơ"
    " <b>{{ code }}</b> ({{ procedure }}):</p><ul>{% for paper in papers %}<li>{{ paper }}</li>{% endfor %}</ul>"
    "<p>{{ asked }}</p><p>Hạn bổ sung: <b>{{ until }}</b>.</p><p>Trung tâm Phục vụ hành chính công tỉnh Mẫu</p></body></html>"
)
_SMS = _environment.from_string("Ho so {{ code }} can bo sung truoc {{ until }}. Xem chi tiet trong email.")


def facts(document: dict[str, Any]) -> dict[str, Any]:
    dossier, asked = document["data"]["HoSo"], document["data"]["BoSung"]
    return {
        "code": dossier["MaHoSo"],
        "name": dossier["ChuHoSo"],
        "unit": dossier["DonViXuLy"]["Ten"],
        "procedure": dossier["TenTTHC"],
        "asked": asked["NoiDungBoSung"],
        "papers": asked["DanhSachGiayToBoSung"],
        "until": asked["ThoiHanBoSung"],
    }


def subject(document: dict[str, Any]) -> str:
    return _SUBJECT.render(facts(document))


def text(document: dict[str, Any]) -> str:
    return _TEXT.render(facts(document))


def html(document: dict[str, Any]) -> str:
    return _HTML.render(facts(document))


def sms(document: dict[str, Any]) -> str:
    return _SMS.render(facts(document))

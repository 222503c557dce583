"""Mail handed to a peer by the adapter, as the peer took it."""

from channels.base import Message
from channels.email_smtp import Settings, SmtpChannel
from notifier.domain.outcomes import Accepted
from tests.contract.channels_cases import email_settings
from tests.support.peers import Envelope, SmtpPeer, running


async def sent(*messages: Message, peer: SmtpPeer | None = None, **settings) -> list[Envelope]:
    """What a peer took of these messages, in order; all of them must be accepted."""
    peer = peer or SmtpPeer()
    async with running(peer):
        channel = SmtpChannel(Settings.model_validate(email_settings(peer.port, **settings).model_dump()))
        try:
            for message in messages:
                assert isinstance(outcome := await channel.send(message), Accepted), outcome
        finally:
            await channel.close()
    return peer.taken

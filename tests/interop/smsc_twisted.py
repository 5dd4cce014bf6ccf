"""A service centre made of smpp.twisted3, a program of its own: says its port, then a line of JSON for each submit_sm.

Everything in the lines is what *that* library has read; nothing of this project is imported here. Its modules are found
by name at run time: they are not typed, and not installed everywhere.
"""

import importlib
import json
from itertools import count
from typing import Any


def peer(name: str) -> Any:
    """Import a module of the peer."""
    return importlib.import_module(name)


types, reactor = peer("smpp.pdu.pdu_types"), peer("twisted.internet.reactor")
DataHandlerResponse = peer("smpp.twisted.protocol").DataHandlerResponse
decoder = peer("smpp.pdu.sm_encoding").SMStringEncoder()
ids = count(1)


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


class Realm:
    """Lets in whom the checker lets in."""

    def requestAvatar(self, avatar_id: Any, _mind: Any, *interfaces: Any) -> tuple[Any, Any, Any]:  # noqa: N802
        return interfaces[0], avatar_id, lambda: None


def submitted(_system_id: str, connection: Any, pdu: Any) -> Any:
    """Take a submit_sm, say how it was read, and deliver a receipt."""
    params, read = pdu.params, decoder.decodeSM(pdu)
    octets = params["short_message"]
    say(
        sender=params["source_addr"].decode(),
        ton=params["source_addr_ton"].name,
        npi=params["source_addr_npi"].name,
        recipient=params["destination_addr"].decode(),
        coding=params["data_coding"].schemeData.name,
        udh=None if read.udh is None else octets[: octets[0] + 1].hex(),
        text=read.unicode,
        mark=params.get("user_message_reference"),
    )
    message_id = str(next(ids))
    receipt = peer("smpp.pdu.operations").DeliverSM(
        source_addr=params["destination_addr"],
        source_addr_ton=types.AddrTon.INTERNATIONAL,
        source_addr_npi=types.AddrNpi.ISDN,
        destination_addr=params["source_addr"],
        esm_class=types.EsmClass(types.EsmClassMode.DEFAULT, types.EsmClassType.SMSC_DELIVERY_RECEIPT),
        short_message=(
            f"id:{message_id} sub:001 dlvrd:001 submit date:2611221015 done date:2611221016 stat:DELIVRD err:000 text:"
        ).encode(),
    )
    reactor.callLater(0, connection.sendDataRequest, receipt)
    return DataHandlerResponse(types.CommandStatus.ESME_ROK, message_id=message_id.encode())


def main() -> None:
    checker = peer("twisted.cred.checkers").InMemoryUsernamePasswordDatabaseDontUse()
    checker.addUser("scserv", "secret")  # as the library hands them over: text
    cred = peer("twisted.cred.portal")
    realm = peer("zope.interface").implementer(cred.IRealm)(Realm)()
    config = peer("smpp.twisted.config").SMPPServerConfig(msgHandler=submitted, systems={"scserv": {"max_bindings": 2}})
    factory = peer("smpp.twisted.server").SMPPServerFactory(config, cred.Portal(realm, [checker]))
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    say(port=port.getHost().port)
    reactor.run()


main()

"""Tables of this app: calls and credits, monitors and what they found."""

from feeds.models.alerts import Alert, AlertChannel, AlertKind, AlertState
from feeds.models.calls import RESERVATION_LIFETIME, ApiCall, Block, Provider, Quota
from feeds.models.monitors import Flip, Incident, IncidentNote, Monitor, Pulse

__all__ = [
    "RESERVATION_LIFETIME",
    "Alert",
    "AlertChannel",
    "AlertKind",
    "AlertState",
    "ApiCall",
    "Block",
    "Flip",
    "Incident",
    "IncidentNote",
    "Monitor",
    "Provider",
    "Pulse",
    "Quota",
]

"""Monitors an installation: incidents, messages about them, and which were reported."""

from tasks.monitor.alert_settings import AlertSettings, Kind, load_alerts
from tasks.monitor.channels import Channel, NotAccepted, channels_of
from tasks.monitor.incidents import CurrentIncidents, Incident, find_incidents
from tasks.monitor.send_incidents import Checked, check_and_send

__all__ = [
    "AlertSettings",
    "Channel",
    "Checked",
    "CurrentIncidents",
    "Incident",
    "Kind",
    "NotAccepted",
    "channels_of",
    "check_and_send",
    "find_incidents",
    "load_alerts",
]

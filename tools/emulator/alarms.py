"""Alarms over metric math, which MiniStack refuses. They are records: nothing reckons them, so none ever changes."""

from ministack.services.cloudformation import provisioners

alarm_record = provisioners._cw_metric_alarm_record


def extend():
    provisioners._cw_metric_alarm_record = record


def record(name, props):
    if not props.get("Metrics"):
        return alarm_record(name, props)
    # A metric that has no data, and keeps the alarm's state for that.
    without = {"Namespace": "MetricMath", "MetricName": name, "TreatMissingData": "ignore"}
    kept = alarm_record(name, {key: value for key, value in props.items() if key != "Metrics"} | without)
    return kept | {"Metrics": props["Metrics"]}

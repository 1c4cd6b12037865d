#!/usr/bin/python3
"""Exit status 0 when a file is OpenMetrics text that the strict parser of the Prometheus client library accepts."""
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with open(sys.argv[1], encoding="utf-8") as text:
    families = list(text_string_to_metric_families(text.read()))
if len(families) < 20:
    sys.exit(f"only {len(families)} families")

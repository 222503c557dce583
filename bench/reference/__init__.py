"""The reference: what a competent engineer would write today in one day for the same work, in the usual way of each library.

FastAPI takes the signed event and stores it with a delivery for each channel, Celery on Redis sends each delivery in a
task of its own with automatic retries, SQLAlchemy and psycopg keep what came of it, receipts come in by webhook. Nothing
in it is slow on purpose. It has no preferences, no quiet hours, no audit trail, no deadlines, no timers, no templates
but three, and what its broker loses is lost.
"""

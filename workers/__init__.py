"""The queue's side of the house: the only room that knows rq and Redis.

relay       outbox rows -> queue
unit        one engine host and the queue workers that share it
worker      a stock rq.Worker on one queue
jobs        what a work-horse does: begin, read, finish
reconciler  reopens what the queue or a worker lost
"""

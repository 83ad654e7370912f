"""The queue's side of the house: the only room that knows rq and Redis.

relay       outbox rows -> queue; and, on one machine, the reconciler's turns
reconciler  reopens what the queue or a worker lost
unit        one engine host and the queue workers that share it
worker      a stock rq.Worker on one queue
jobs        what a work-horse does: begin, read, finish
queues      names, connections, and how an attempt becomes a job
health      whether the queue answers
"""

"""The HTTP face of the desk: what a program may ask for, and what it is told.

Read first: ``operation`` (what one is: way, scope, shapes and verb; routes and document are made of their tables), then
``notifications`` and ``alerts`` (the operations), ``app`` (from a request to an answer), ``caller`` (who asks),
``server`` (the socket and its time limits); ``hooks`` tells the client-support system what happened. Knows the desk and
the store; no rule lives here. Refuses to know the configuration, the gateway and the clock: they are handed in.

Where a crash leaves a caller: an answer 2xx to something that writes is given after the commit that holds it is on
disk. Without an answer it was done or it was not; asked again under the same ``Idempotency-Key``, it is done once.
"""

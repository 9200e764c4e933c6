"""RabbitMQ: the topology as code, publishing with confirms, and consuming. The only package that knows pika."""

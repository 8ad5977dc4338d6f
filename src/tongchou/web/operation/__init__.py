"""Screens of operation: 任务中心, 日终计划, 运行状态, 消息."""

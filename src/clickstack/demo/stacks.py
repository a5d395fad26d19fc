"""Stack traces as the languages of the shop print them."""

from __future__ import annotations

from collections.abc import Callable


def stack_trace(language: str, service: str, type: str, message: str) -> str:
    """The text a runtime prints for an exception raised in a service."""
    return _PRINTERS[language](service, type, message)


def _java(service: str, type: str, message: str) -> str:
    return (
        f"{type}: {message}\n"
        f"\tat com.shop.{service}.Repository.execute(Repository.java:118)\n"
        f"\tat com.shop.{service}.Service.handle(Service.java:64)\n"
        f"\tat com.shop.{service}.GrpcEndpoint.lambda$call$2(GrpcEndpoint.java:91)\n"
        "\tat io.grpc.stub.ServerCalls$UnaryServerCallHandler$UnaryServerCallListener.halt(ServerCalls.java:182)\n"
        "\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)\n"
        "\tat java.base/java.lang.Thread.run(Thread.java:1583)"
    )


def _python(service: str, type: str, message: str) -> str:
    package = service.replace("-", "_")
    return (
        "Traceback (most recent call last):\n"
        f'  File "/app/{package}/server.py", line 73, in handle\n'
        "    return await self._perform(request, context)\n"
        f'  File "/app/{package}/work.py", line 41, in _perform\n'
        "    result = await self._store.run(statement)\n"
        f"{type}: {message}"
    )


def _go(service: str, type: str, message: str) -> str:
    return (
        f"{type}: {message}\n\ngoroutine 4183 [running]:\n"
        f"shop/{service}/internal/server.(*Server).Handle(0xc0004a2000, {{0x1b2c3d8, 0xc0007e41b0}})\n"
        f"\t/src/{service}/internal/server/server.go:142 +0x4f1\n"
        "net/http.HandlerFunc.ServeHTTP(0xc00021c0a0?, {0x1b2b7f0?, 0xc0003d61c0?}, 0x0?)\n"
        "\t/usr/local/go/src/net/http/server.go:2322 +0x29"
    )


def _dotnet(service: str, type: str, message: str) -> str:
    name = service.capitalize()
    return (
        f"{type}: {message}\n"
        "   at StackExchange.Redis.ConnectionMultiplexer.ExecuteSyncImpl[T](Message message)"
        " in ConnectionMultiplexer.cs:line 2104\n"
        f"   at Shop.{name}.{name}Store.SaveAsync(String userId) in /src/{name}Store.cs:line 57\n"
        f"   at Shop.{name}.{name}Endpoints.<>c.<<Map>b__0_1>d.MoveNext() in /src/{name}Endpoints.cs:line 33"
    )


def _nodejs(service: str, type: str, message: str) -> str:
    return (
        f"{type}: {message}\n"
        f"    at render (/app/{service}/dist/pages.js:218:11)\n"
        f"    at async Layer.handle (/app/{service}/dist/router.js:64:5)\n"
        "    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)"
    )


def _php(service: str, type: str, message: str) -> str:
    return (
        f"{type}: {message} in /app/src/Quotes.php:88\n"
        "Stack trace:\n"
        "#0 /app/src/Handler.php(41): Shop\\Shipping\\Quotes->price(Array)\n"
        "#1 /app/vendor/slim/slim/Slim/Routing/Route.php(358): Shop\\Shipping\\Handler->__invoke(Object)\n"
        f"#2 /app/public/{service}.php(19): Slim\\App->run()\n"
        "#3 {main}"
    )


_PRINTERS: dict[str, Callable[[str, str, str], str]] = {
    "java": _java,
    "python": _python,
    "go": _go,
    "dotnet": _dotnet,
    "nodejs": _nodejs,
    "php": _php,
}

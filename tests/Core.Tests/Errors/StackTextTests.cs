using Apm.Core.Errors;

namespace Apm.Core.Tests.Errors;

public class StackTextTests
{
    const string Python = """
        Traceback (most recent call last):
          File "/usr/lib/python3.12/site-packages/flask/app.py", line 1473, in wsgi_app
            response = self.full_dispatch_request()
          File "/app/shop/views.py", line 42, in checkout
            total = price(cart)
          File "/app/shop/pricing.py", line 7, in price
            return decimal.Decimal(cart.total)
          File "/usr/lib/python3.12/decimal.py", line 88, in __new__
            raise InvalidOperation
        decimal.InvalidOperation: bad total
        """;

    const string PythonChained = """
        Traceback (most recent call last):
          File "/app/shop/db.py", line 3, in read
            raise KeyError(1)
        KeyError: 1

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "/app/shop/views.py", line 9, in show
            raise NotFound() from error
        shop.NotFound
        """;

    const string DotNet = """
        System.InvalidOperationException: The cart is empty.
           at System.Linq.ThrowHelper.ThrowNoElementsException()
           at Shop.Orders.<>c__DisplayClass4_0.<Handle>b__0(Item item) in /src/Shop/Orders.cs:line 31
           at Shop.Orders.<CheckoutAsync>d__3.MoveNext() in /src/Shop/Orders.cs:line 42
        --- End of stack trace from previous location ---
           at Microsoft.AspNetCore.Http.RequestDelegateFactory.<ExecuteTaskResult>g__ExecuteAwaited|148_0[T](Task`1 task, HttpContext httpContext)
        """;

    const string Java = """
        com.shop.OutOfStock: none left
        	at java.base/java.util.Optional.orElseThrow(Optional.java:403)
        	at com.shop.Stock.lambda$reserve$3(Stock.java:77)
        	at com.shop.Stock$$SpringCGLIB$$0.reserve(<generated>)
        	at org.springframework.aop.framework.CglibAopProxy.intercept(CglibAopProxy.java:713)
        Caused by: java.sql.SQLException: locked
        	at com.shop.Db.lock(Db.java:5)
        """;

    const string Node = """
        TypeError: Cannot read properties of undefined (reading 'id')
            at Array.map (<anonymous>)
            at next (/app/node_modules/express/lib/router/route.js:149:13)
            at async OrderService.checkout (/app/src/orders.js:42:13)
            at /app/src/server.3f2a9c1b.js:10:3
            at node:internal/process/task_queues:95:5
        """;

    const string Go = "goroutine 12 [running]:\nruntime/debug.Stack()\n\t/usr/local/go/src/runtime/debug/stack.go:26 +0x5e\npanic({0x6b2e40?, 0x7a1c90?})\n\t/usr/local/go/src/runtime/panic.go:770 +0x132\n"
        + "github.com/acme/shop/cart.(*Cart).Checkout(0xc0000b4000, {0x1, 0x2})\n\t/app/cart/cart.go:42 +0x1d\nmain.main()\n\t/app/main.go:10 +0x20\n";

    const string Ruby = """
        /app/models/order.rb:42:in `block in checkout'
        /usr/lib/ruby/gems/3.2.0/gems/activerecord-7.1/lib/active_record/relation.rb:10:in `each'
        /app/controllers/orders_controller.rb:7:in 'OrdersController#create'
        """;

    const string Php = """
        #0 [internal function]: App\Handler->handleError(2, 'x')
        #1 /app/vendor/laravel/framework/src/Router.php(12): Illuminate\Routing\Router->run()
        #2 /app/src/OrderController.php(42): App\OrderController->checkout(Object(Request))
        #3 {main}
        """;

    [Theory]
    [InlineData(Python, "__new__,/price,/checkout,wsgi_app", "price in shop/pricing.py")]
    [InlineData(PythonChained, "/show", "show in shop/views.py")]
    [InlineData(DotNet, "System.Linq.ThrowHelper.ThrowNoElementsException,/Shop.Orders.Handle,/Shop.Orders.CheckoutAsync,Microsoft.AspNetCore.Http.RequestDelegateFactory.ExecuteTaskResult", "Shop.Orders.Handle")]
    [InlineData(Java, "java.util.Optional.orElseThrow,/com.shop.Stock.reserve,/com.shop.Stock.reserve,org.springframework.aop.framework.CglibAopProxy.intercept", "com.shop.Stock.reserve")]
    [InlineData(Node, "Array.map,next,/OrderService.checkout,/,", "OrderService.checkout in src/orders.js")]
    [InlineData(Go, "runtime/debug.Stack,panic,/github.com/acme/shop/cart.(*Cart).Checkout,/main.main", "github.com/acme/shop/cart.(*Cart).Checkout")]
    [InlineData(Ruby, "/checkout,each,/OrdersController#create", "checkout in models/order.rb")]
    [InlineData(Php, @"App\Handler->handleError,Illuminate\Routing\Router->run,/App\OrderController->checkout", @"App\OrderController->checkout")]
    [InlineData("", "", null)]
    [InlineData("just a sentence at noon, in the office:12", "", null)]
    public void Frames_of_a_stack_with_the_error_first(string stack, string functionsOwnOnesWithASlash, string? top)
    {
        var frames = StackText.Read(stack);

        Assert.Equal(functionsOwnOnesWithASlash, string.Join(',', frames.Select(frame => (frame.IsLibrary ? "" : "/") + frame.Function)));
        Assert.Equal(top, StackText.TopOwn(frames)?.Place);
    }

    [Fact]
    public void Files_and_lines_are_read()
    {
        Assert.Equal(("/app/shop/pricing.py", 7), At(Python, 1));
        Assert.Equal(("/src/Shop/Orders.cs", 31), At(DotNet, 1));
        Assert.Equal(("Stock.java", 77), At(Java, 1));
        Assert.Equal(("/app/src/orders.js", 42), At(Node, 2));
        Assert.Equal(("/app/cart/cart.go", 42), At(Go, 2));
        Assert.Equal(("/app/models/order.rb", 42), At(Ruby, 0));
        Assert.Equal(("/app/src/OrderController.php", 42), At(Php, 2));

        static (string, int) At(string stack, int frame) => (StackText.Read(stack)[frame].File, StackText.Read(stack)[frame].Line);
    }

    [Fact]
    public void Where_all_frames_are_of_libraries_the_nearest_counts() =>
        Assert.Equal("System.Text.Json.ThrowHelper.Throw", StackText.TopOwn(StackText.Read("   at System.Text.Json.ThrowHelper.Throw()\n   at System.Text.Json.JsonSerializer.Read()"))?.Place);

    [Fact]
    public void The_hash_of_a_bundler_is_no_part_of_a_place() => Assert.Equal("src/server.js", StackText.Read(Node)[3].Place);

    [Fact]
    public void Random_text_is_read_without_failing()
    {
        var random = new Random(11);
        string[] words = ["at ", "File \"", "\", line ", "42", ", in ", "(", ")", ":", "\n", "\t", " ", "#0 ", "a.b", ":in ", "`", "'", "<>c", "$$", " in ", ":line 3", "Caused by:", ".java", "node:", "+0x1", "é", "created by ", "lambda$", "/", "[", "]"];
        for (var i = 0; i < 20_000; i++)
        {
            var stack = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => words[random.Next(words.Length)]));
            foreach (var frame in StackText.Read(stack)) Assert.NotNull(frame.Place);
        }
    }
}

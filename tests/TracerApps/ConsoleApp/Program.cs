using System.Diagnostics;

// Prints what it was given, makes two spans, says whether parts of ASP.NET Core got loaded, and ends with code 3.
using var source = new ActivitySource("Shop.Orders");
using (var order = source.StartActivity("place order"))
{
    order?.SetTag("order.items", 3);
    using var query = source.StartActivity("query", ActivityKind.Client);
    query?.SetTag("db.system", "postgresql");
    query?.SetTag("db.query.text", "SELECT * FROM orders WHERE id = ?");
}
if (args.Contains("crash")) throw new InvalidOperationException("the console app fails");
var web = AppDomain.CurrentDomain.GetAssemblies().Count(assembly => assembly.GetName().Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
Console.WriteLine($"args: {string.Join(' ', args)}; web assemblies: {web}");
return 3;

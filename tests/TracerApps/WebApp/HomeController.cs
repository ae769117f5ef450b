using Microsoft.AspNetCore.Mvc;

namespace TracedWebApp;

public sealed class HomeController : Controller
{
    public string Index() => "home";

    public string About(string? id) => $"about {id}";
}

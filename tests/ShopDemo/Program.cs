using Apm.ShopDemo;

// The generated shop as a program: `apm up --demo=shop` starts it; it also sends to any agent that runs already.
return await DemoRun.Run(args, TimeProvider.System, Console.In, Console.Out, Console.Error);

/** Preloaded into the reference server, which knows neither port 0 nor a bind address: keeps it on loopback, tells the parent its port, and ends it with the parent. */
import { Server, type AddressInfo } from "node:net";

const listen = Server.prototype.listen;

Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
  const whenListening = args.find((arg): arg is () => void => typeof arg === "function");
  this.once("listening", () => process.send?.({ port: (this.address() as AddressInfo).port }));
  return listen.call(this, { host: "127.0.0.1", port: 0 }, whenListening);
};

process.once("disconnect", () => process.exit(0));

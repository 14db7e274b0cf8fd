package interop.leshan;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The four ports of the command line; 0 lets the system choose. */
record Options(int coap, int coaps, int bootstrapCoap, int bootstrapCoaps) {
    static final String USAGE = "usage: leshan-bench [--coap PORT] [--coaps PORT] [--bs-coap PORT] [--bs-coaps PORT]";

    private static final Set<String> NAMES = Set.of("--coap", "--coaps", "--bs-coap", "--bs-coaps");

    static Options parse(String[] args) {
        Map<String, Integer> ports = new HashMap<>();
        for (int i = 0; i < args.length; i += 2) {
            if (!NAMES.contains(args[i]) || i + 1 == args.length) {
                throw new IllegalArgumentException(USAGE);
            }
            ports.put(args[i], port(args[i + 1]));
        }
        return new Options(
                ports.getOrDefault("--coap", 0),
                ports.getOrDefault("--coaps", 0),
                ports.getOrDefault("--bs-coap", 0),
                ports.getOrDefault("--bs-coaps", 0));
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Reported below, with the ports that are out of range.
        }
        throw new IllegalArgumentException("not a port: " + text + "\n" + USAGE);
    }
}

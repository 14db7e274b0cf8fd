package interop.leshan;

import java.net.Inet6Address;
import java.net.InetSocketAddress;

/** Socket addresses in the form that a URI has them: {@code 127.0.0.1:5683}, {@code [::1]:5683}. */
final class Addresses {
    /** The loopback addresses that each server listens on. */
    static final String[] LOOPBACK = {"127.0.0.1", "::1"};

    private Addresses() {}

    static boolean isV6(InetSocketAddress address) {
        return address.getAddress() instanceof Inet6Address;
    }

    static String text(InetSocketAddress address) {
        if (address == null) {
            return null;
        }
        String host = address.getAddress().getHostAddress();
        if (isV6(address)) {
            host = "[" + (address.getAddress().isLoopbackAddress() ? "::1" : host) + "]";
        }
        return host + ":" + address.getPort();
    }
}

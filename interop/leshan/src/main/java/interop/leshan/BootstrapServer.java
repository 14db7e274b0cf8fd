package interop.leshan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetSocketAddress;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.server.bootstrap.EditableBootstrapConfigStore;
import org.eclipse.leshan.server.bootstrap.InMemoryBootstrapConfigStore;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServer;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServerBuilder;
import org.eclipse.leshan.server.bootstrap.endpoint.LwM2mBootstrapServerEndpoint;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.CaliforniumBootstrapServerEndpoint;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.CaliforniumBootstrapServerEndpointsProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coap.CoapBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coaps.CoapsBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.security.BootstrapSecurityStoreAdapter;
import org.eclipse.leshan.server.security.EditableSecurityStore;
import org.eclipse.leshan.server.security.InMemorySecurityStore;

/** The bootstrap server: coap and coaps on each loopback address, with keys of its own. */
final class BootstrapServer {
    final EditableSecurityStore security = new InMemorySecurityStore();
    final EditableBootstrapConfigStore configs = new InMemoryBootstrapConfigStore();
    private final LeshanBootstrapServer leshan;

    BootstrapServer(Options options, LwM2mModel model, Output output) {
        DtlsWatch dtls = new DtlsWatch(output, "bootstrap");
        CaliforniumBootstrapServerEndpointsProvider.Builder endpoints =
                new CaliforniumBootstrapServerEndpointsProvider.Builder(
                        new CoapBootstrapServerProtocolProvider(),
                        new CoapsBootstrapServerProtocolProvider(dtls::install));
        for (String address : Addresses.LOOPBACK) {
            endpoints.addEndpoint(new InetSocketAddress(address, options.bootstrapCoap()), Protocol.COAP);
            endpoints.addEndpoint(new InetSocketAddress(address, options.bootstrapCoaps()), Protocol.COAPS);
        }
        LeshanBootstrapServerBuilder builder = new LeshanBootstrapServerBuilder();
        builder.setEndpointsProviders(endpoints.build());
        builder.setConfigStore(configs);
        builder.setSecurityStore(new BootstrapSecurityStoreAdapter(security));
        builder.setObjectModelProvider((session, versions) -> model);
        leshan = builder.build();
        leshan.addListener(new BootstrapEvents(output));
    }

    void start() {
        leshan.start();
    }

    /** Adds this server's URIs, for instance {@code "bs_coap":"coap://127.0.0.1:40125"}. */
    void describe(ObjectNode uris) {
        for (LwM2mBootstrapServerEndpoint endpoint : leshan.getEndpoints()) {
            InetSocketAddress bound =
                    ((CaliforniumBootstrapServerEndpoint) endpoint).getCoapEndpoint().getAddress();
            Uris.put(uris, "bs_", endpoint.getProtocol(), bound);
        }
    }
}

package interop.leshan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetSocketAddress;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.californium.endpoint.CaliforniumServerEndpoint;
import org.eclipse.leshan.server.californium.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.server.californium.endpoint.coap.CoapServerProtocolProvider;
import org.eclipse.leshan.server.californium.endpoint.coaps.CoapsServerProtocolProvider;
import org.eclipse.leshan.server.endpoint.LwM2mServerEndpoint;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.security.EditableSecurityStore;
import org.eclipse.leshan.server.security.InMemorySecurityStore;

/** The management server: coap and coaps on each loopback address. */
final class ManagementServer {
    final LeshanServer leshan;
    final EditableSecurityStore security = new InMemorySecurityStore();

    ManagementServer(Options options, LwM2mModel model, Output output) {
        DtlsWatch dtls = new DtlsWatch(output, "management");
        CaliforniumServerEndpointsProvider.Builder endpoints = new CaliforniumServerEndpointsProvider.Builder(
                new CoapServerProtocolProvider(), new CoapsServerProtocolProvider(dtls::install));
        for (String address : Addresses.LOOPBACK) {
            endpoints.addEndpoint(new InetSocketAddress(address, options.coap()), Protocol.COAP);
            endpoints.addEndpoint(new InetSocketAddress(address, options.coaps()), Protocol.COAPS);
        }
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setEndpointsProviders(endpoints.build());
        builder.setSecurityStore(security);
        builder.setObjectModelProvider(registration -> model);
        leshan = builder.build();
        leshan.getRegistrationService().addListener(new RegistrationEvents(output));
        leshan.getObservationService().addListener(new ObservationEvents(output));
        for (LwM2mServerEndpoint endpoint : leshan.getEndpoints()) {
            coapEndpoint(endpoint).addInterceptor(new ResetWatch(output));
        }
    }

    void start() {
        leshan.start();
    }

    /** Adds this server's URIs, for instance {@code "coap":"coap://127.0.0.1:40123"}, {@code "coap6":…}. */
    void describe(ObjectNode uris) {
        for (LwM2mServerEndpoint endpoint : leshan.getEndpoints()) {
            Uris.put(uris, "", endpoint.getProtocol(), coapEndpoint(endpoint).getAddress());
        }
    }

    /** The socket that a device has registered at. */
    CoapEndpoint coapEndpoint(Registration registration) {
        for (LwM2mServerEndpoint endpoint : leshan.getEndpoints()) {
            if (endpoint.getURI().equals(registration.getLastEndpointUsed())) {
                return coapEndpoint(endpoint);
            }
        }
        throw new IllegalStateException("no endpoint " + registration.getLastEndpointUsed());
    }

    private static CoapEndpoint coapEndpoint(LwM2mServerEndpoint endpoint) {
        return ((CaliforniumServerEndpoint) endpoint).getCoapEndpoint();
    }
}

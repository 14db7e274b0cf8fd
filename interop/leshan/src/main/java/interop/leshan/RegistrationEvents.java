package interop.leshan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;

/** Reports Register, Update, De-register and expiry. */
final class RegistrationEvents implements RegistrationListener {
    private final Output output;

    RegistrationEvents(Output output) {
        this.output = output;
    }

    @Override
    public void registered(Registration now, Registration before, Collection<Observation> observations) {
        ObjectNode event = Output.event("registered");
        Registrations.describe(now, event);
        output.line(event.put("replaced", before != null));
    }

    /** {@code changed} holds what the Update itself carried. */
    @Override
    public void updated(RegistrationUpdate update, Registration now, Registration before) {
        ObjectNode event = Output.event("updated");
        Registrations.describe(now, event);
        ObjectNode changed = event.putObject("changed");
        if (update.getLifeTimeInSec() != null) {
            changed.put("lifetime", update.getLifeTimeInSec());
        }
        if (update.getBindingMode() != null) {
            changed.put("binding", Registrations.binding(update.getBindingMode()));
        }
        if (update.getObjectLinks() != null) {
            changed.set("links", Registrations.links(update.getObjectLinks()));
        }
        output.line(event);
    }

    @Override
    public void unregistered(
            Registration registration, Collection<Observation> observations, boolean expired, Registration next) {
        // A Register that takes an older one's place is told by `registered` alone.
        if (next == null) {
            output.line(Output.event("deregistered")
                    .put("endpoint", registration.getEndpoint())
                    .put("registration", registration.getId())
                    .put("expired", expired));
        }
    }
}
